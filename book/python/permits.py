import queue
import threading

CONNECTIONS = 3


class Connection:
    def ask(self, question):
        return question.upper()


# ANCHOR: pool
idle = queue.Queue()
for _ in range(CONNECTIONS):
    idle.put(Connection())


def ask(question):
    connection = idle.get()
    try:
        return connection.ask(question)
    finally:
        idle.put(connection)
# ANCHOR_END: pool


answers = []
clients = [
    threading.Thread(target=lambda: answers.append(ask("hello"))) for _ in range(8)
]
for client in clients:
    client.start()
for client in clients:
    client.join()
print(f"{len(answers)} answers, {idle.qsize()} connections are idle again")

try:
    ask(None)
except AttributeError:
    print("after a bad question:", idle.qsize(), "connections are idle")
