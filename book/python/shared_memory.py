from multiprocessing import Process, Value, shared_memory


# ANCHOR: counter
def add(name, additions):
    memory = shared_memory.SharedMemory(name)
    count = memory.buf[:8].cast("Q")
    for _ in range(additions):
        count[0] += 1
    count.release()
    memory.close()
# ANCHOR_END: counter


if __name__ == "__main__":
    memory = shared_memory.SharedMemory(create=True, size=8)
    child = Process(target=add, args=(memory.name, 1000))
    child.start()
    child.join()
    print("one child added", memory.buf[:8].cast("Q")[0])

    view = memory.buf[:8]
    try:
        memory.close()
    except BufferError as error:
        print("close:", error)
    view.release()
    memory.close()
    memory.unlink()

    # ANCHOR: value
    count = Value("i", 2**31 - 1)
    with count.get_lock():
        count.value += 1
    print("one more than the largest:", count.value)
    # ANCHOR_END: value
