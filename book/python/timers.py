import threading

# ANCHOR: timer
rang = threading.Event()
egg = threading.Timer(0.01, rang.set)
egg.start()
cake = threading.Timer(3600, lambda: print("the cake"))
cake.start()
# ANCHOR_END: timer

print("the egg rang:", rang.wait(timeout=15))
egg.join()

# ANCHOR: cancel
print("cancel the cake in time:", cake.cancel())
print("cancel the egg too late:", egg.cancel())
# ANCHOR_END: cancel
cake.join()
print("each timer is a thread:", isinstance(egg, threading.Thread))
