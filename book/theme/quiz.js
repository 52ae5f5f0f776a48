// Counts in a `.quiz` what was answered. Without this script each answer still opens
// and explains itself: it is a `<details>`.
"use strict";

for (const quiz of document.querySelectorAll(".quiz")) {
  const questions = [...quiz.querySelectorAll(".question")];
  const score = document.createElement("p");
  score.className = "quiz-score";
  score.setAttribute("role", "status");
  quiz.append(score);

  const tell = () => {
    // The first answer that was opened counts; looking at the others is no fault.
    const answered = questions.filter((question) => question.dataset.first);
    const right = answered.filter((question) => question.dataset.first === "right");
    score.textContent = answered.length === 0 ? ""
      : `${right.length} right at first go, ${answered.length} of ${questions.length} answered`;
  };

  for (const question of questions) {
    for (const answer of question.querySelectorAll(".answer")) {
      answer.addEventListener("toggle", () => {
        if (!answer.open) return;
        question.dataset.first ||= answer.classList.contains("is-right") ? "right" : "wrong";
        tell();
      });
    }
  }
}
