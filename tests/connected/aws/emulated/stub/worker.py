"""Functions for queues: each message says what to do with it."""

import json
import os
import pathlib
import signal
import time

import boto3

_table = boto3.client("dynamodb")
_sqs = boto3.client("sqs")


def handler(event, context):
    """Work on a batch, and report what failed; a failure of an ordered queue fails what follows in its group."""
    failed, held = [], set()
    for record in event["Records"]:
        group = record["attributes"].get("MessageGroupId")
        if group in held or not work(record, context):
            failed.append({"itemIdentifier": record["messageId"]})
            held |= {group} - {None}
    return {"batchItemFailures": failed}


def watch(event, context):
    """Note every event that a rule sent."""
    for record in event["Records"]:
        envelope = json.loads(record["body"])
        note(envelope["detail"]["id"], f"{envelope['detail-type']} at {envelope['time']}")


def work(record, context):
    """Do what a message says; ``False`` if that fails."""
    job = json.loads(record["body"])
    match job["do"]:
        case "note":
            note(job["id"], str(int(time.time())))
        case "fail":
            return False
        case "fail once":
            if record["attributes"]["ApproximateReceiveCount"] == "1":
                return False
            note(job["id"], str(int(time.time())))
        case "fail later":
            _sqs.change_message_visibility(
                QueueUrl=json.loads(os.environ["PURISTA_QUEUES"])["queue:jobs"],
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=job["delay"],
            )
            note(f"{job['id']}/{record['attributes']['ApproximateReceiveCount']}", str(int(time.time())))
            return False
        case "hang once":
            if record["attributes"]["ApproximateReceiveCount"] == "1":
                pathlib.Path(job["file"]).write_text(str(os.getpid()))
                signal.pause()
            note(job["id"], str(os.getpid()))
        case "ask":
            answer = boto3.client("lambda").invoke(FunctionName=os.environ["OTHER"], Payload=json.dumps(job["event"]))
            note(job["id"], answer["Payload"].read().decode())
        case other:
            raise ValueError(f"no test asks for {other!r}")
    return True


def note(key, text):
    """Note something where a test can see it."""
    item = {"pk": {"S": "note"}, "sk": {"S": key}, "fields": {"S": text}}
    _table.put_item(TableName=os.environ["TABLE"], Item=item)
