import threading

# ANCHOR: gate
gate_is_open = threading.Event()


def visit():
    if gate_is_open.wait(timeout=15):
        return "goes in"
    return "goes home"
# ANCHOR_END: gate


def start(name, results):
    thread = threading.Thread(target=lambda: results.append(f"{name} {visit()}"))
    thread.start()
    return thread


results = []
visitors = [start(f"visitor {number}", results) for number in (1, 2, 3)]
gate_is_open.set()
for visitor in visitors:
    visitor.join()
for result in sorted(results):
    print(result)

# ANCHOR: reset
gate_is_open.clear()
print("after clear, wait returns", gate_is_open.wait(timeout=0.01))
# ANCHOR_END: reset
