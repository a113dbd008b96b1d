"""A function that answers, in the ways in which functions do."""

import json
import logging
import os
import signal
import sys
import time

import boto3


def handler(event, context):
    """Answer as the event asks."""
    if "requestContext" in event:
        return {"statusCode": 201, "headers": {"x-made": "1"}, "cookies": ["a=1", "b=2"], "body": json.dumps(event)}
    match event.get("do"):
        case "raise":
            raise ValueError("as asked")
        case "exit":
            os._exit(3)
        case "hang":
            signal.pause()
        case "grow":
            return "x" * 7_000_000
        case "log":
            logging.getLogger("stub").warning("a line")
            sys.stdout.write("printed\n")
        case "settings":
            parameter = boto3.client("ssm").get_parameter(Name="/stub/RATE")["Parameter"]["Value"]
            secret = boto3.client("secretsmanager").get_secret_value(SecretId="stub/KEY")["SecretString"]
            return [parameter, secret]
        case _:
            pass
    return {"pid": os.getpid(), "name": context.function_name, "now": int(time.time()), "event": event}
