import threading

words = ["start", "them", "all"]

# ANCHOR: join
lengths = {}


def measure(word):
    lengths[word] = len(word)


threads = [threading.Thread(target=measure, args=(word,)) for word in words]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print([lengths[word] for word in words])
# ANCHOR_END: join

print("join returns", threads[0].join())
try:
    threads[0].start()
except RuntimeError as error:
    print("start again:", error)
