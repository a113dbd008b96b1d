"""Let ``python -m purista_serverless`` do what ``purista-serverless`` does."""

from purista_serverless.cli import main

if __name__ == "__main__":
    main()
