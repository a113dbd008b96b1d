"""What a handler logs on Lambda: the runtime's own JSON lines carry our fields, and no library is needed for it."""

import json
import logging

from awslambdaric.bootstrap import LambdaLoggerFilter
from awslambdaric.lambda_runtime_log_utils import JsonFormatter

from tests.unit.aws.wire import Deployed, load


def test_a_line_names_the_request_and_what_it_belongs_to(caplog):
    """Lambda's runtime client writes its request's id, and beside it correlation, trace, tenant and function."""
    request = load("http_api_v2_traced")
    request["body"] = '{"text": "fail"}'
    with caplog.at_level(logging.ERROR):
        Deployed("command:Shop.1.note", environment={"PURISTA_TENANT_CLAIM": "custom:tenant"})(request)
    (record,) = caplog.records
    LambdaLoggerFilter().filter(record)
    record.aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    line = json.loads(JsonFormatter().format(record))

    assert (line["level"], line["requestId"]) == ("ERROR", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
    assert line["errorType"] == "ValueError"
    fields = line["purista"]
    assert (fields["correlationId"], fields["tenantId"], fields["principalId"]) == ("order 7", "north", "ann")
    assert (fields["traceId"], fields["function"]) == ("0af7651916cd43dd8448eb211c80319c", "Shop v1 > note")
