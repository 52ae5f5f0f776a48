import queue
import threading

# ANCHOR: send
letters = queue.Queue()


def send(name):
    for number in range(1, 5):
        letters.put((name, number))


def receive(count):
    return [letters.get() for _ in range(count)]
# ANCHOR_END: send


senders = [threading.Thread(target=send, args=(name,)) for name in "ABC"]
for sender in senders:
    sender.start()
arrived = receive(12)
for name in "ABC":
    print(f"{name}:", [number for sender, number in arrived if sender == name])
for sender in senders:
    sender.join()

# ANCHOR: shared
letter = ["Dear Bob"]
letters.put(letter)
letter.append("PS: burn this")
print("arrived:", letters.get())
# ANCHOR_END: shared

# ANCHOR: tie
urgent = queue.PriorityQueue()
urgent.put((1, {"patient": "Ada"}))
try:
    urgent.put((1, {"patient": "Bob"}))
except TypeError:
    print(f"put failed, and {urgent.qsize()} are in the queue")
# ANCHOR_END: tie
