import threading

# ANCHOR: publish
message = None
ready = threading.Event()


def write():
    global message
    message = 42
    ready.set()


def read():
    ready.wait()
    print("the reader sees", message)
# ANCHOR_END: publish


reader = threading.Thread(target=read)
reader.start()
writer = threading.Thread(target=write)
writer.start()
writer.join()
reader.join()
