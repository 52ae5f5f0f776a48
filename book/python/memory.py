import multiprocessing
import threading

# ANCHOR: count
visitors = 0


def count_three():
    global visitors
    found = visitors
    visitors += 3
    return f"finds {found}, has {visitors}"
# ANCHOR_END: count


def main():
    global visitors
    visitors = 7
    thread = threading.Thread(target=count_three)
    thread.start()
    thread.join()
    print("after a thread has counted, main sees", visitors)

    # "spawn" starts a new interpreter, which runs this file from the top.
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        print("a child", pool.apply(count_three))
    print("after the child has counted, main sees", visitors)


if __name__ == "__main__":
    main()
