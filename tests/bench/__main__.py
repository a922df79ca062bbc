"""`python -m tests.bench`. Nothing else stands here, for every process that is measured apart runs this file again."""

if __name__ == "__main__":
    from tests.bench.command import main

    main()
