"""Templates before and after: which changes are told, and which of them are dangerous."""

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from purista_serverless.adapters.aws.compare.defaults import Defaults
from purista_serverless.adapters.aws.compare.differ import differ
from purista_serverless.adapters.aws.compare.replacement import CREATE_ONLY
from purista_serverless.errors import DeclarationError
from tests.unit.aws.compare.templates import FILE, QUEUE, SEND, SHOP, changed, compare, risks, template

STATEMENTS = "Role/Properties/Policies/0/PolicyDocument/Statement"

# What a change of one value means.
DANGERS = {
    "a queue becomes FIFO": ("Queue/Properties/FifoQueue", True, ["loses-data", "replaces-resource"]),
    "a queue is renamed": ("Queue/Properties/QueueName", "packing", ["loses-data", "replaces-resource"]),
    "a kept table has new keys": (
        "Table/Properties/KeySchema",
        [{"AttributeName": "id", "KeyType": "HASH"}],
        ["replaces-resource"],
    ),
    "a table is kept no more": ("Table/DeletionPolicy", None, ["loses-data"]),
    "a replaced table is kept no more": ("Table/UpdateReplacePolicy", "Delete", ["loses-data"]),
    "another type under the same id": ("Queue/Type", "AWS::SNS::Topic", ["loses-data", "replaces-resource"]),
    "fewer receives": ("Queue/Properties/RedrivePolicy/maxReceiveCount", 3, ["weakens-retry"]),
    "no native dead letters": ("Queue/Properties/RedrivePolicy", None, ["weakens-retry"]),
    "a shorter retention": ("Queue/Properties/MessageRetentionPeriod", 3_600, ["weakens-retry"]),
    "the default retention": ("Queue/Properties/MessageRetentionPeriod", None, []),
    "a lease below the timeout": ("Queue/Properties/VisibilityTimeout", 30, ["weakens-retry"]),
    "a shorter lease that lasts": ("Queue/Properties/VisibilityTimeout", 60, []),
    "a timeout above the lease": ("Function/Properties/Timeout", 300, ["weakens-retry"]),
    "fewer tries of a schedule": (
        "Schedule/Properties/Target/RetryPolicy/MaximumRetryAttempts",
        0,
        ["weakens-retry"],
    ),
    "the default number of tries": ("Schedule/Properties/Target/RetryPolicy", None, []),
    "a schedule without dead letters": ("Schedule/Properties/Target/DeadLetterConfig", None, ["weakens-retry"]),
    "another expression": ("Schedule/Properties/ScheduleExpression", "rate(2 days)", []),
    "whole batches fail": (
        "Function/Properties/Events/Jobs/Properties/FunctionResponseTypes",
        None,
        ["weakens-retry"],
    ),
    "a function is renamed": ("Function/Properties/FunctionName", "worker", ["replaces-resource"]),
    "another handler": ("Function/Properties/Handler", "handlers.other.handler", []),
    "another action": (f"{STATEMENTS}/0/Action", "sqs:ReceiveMessage", ["widens-access"]),
    "every queue": (f"{STATEMENTS}/0/Resource", "*", ["widens-access"]),
    "a condition": (f"{STATEMENTS}/0/Condition", {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}, []),
    "a permission less": (f"{STATEMENTS}/0", {**SEND, "Action": []}, []),
    "an open function URL": ("Function/Properties/FunctionUrlConfig", {"AuthType": "NONE"}, ["widens-access"]),
}


@pytest.mark.parametrize("name", DANGERS)
def test_one_value_changes(name):
    """A change is told once, with the risks that it has and no others."""
    path, value, expected = DANGERS[name]

    found = compare(SHOP, changed(path, value))

    assert found
    assert risks(found) == expected


@pytest.mark.parametrize(
    ("kind", "path", "old", "new", "expected"),
    [
        ("AWS::Logs::LogGroup", "RetentionInDays", 30, 7, ["loses-data"]),
        ("AWS::Logs::LogGroup", "RetentionInDays", 0, 7, ["loses-data"]),
        ("AWS::Logs::LogGroup", "RetentionInDays", 7, 30, []),
        ("AWS::Events::Archive", "RetentionDays", 7, 0, []),
        ("AWS::S3::Bucket", "LifecycleConfiguration/Rules", 30, 7, ["loses-data"]),
        (
            "AWS::DynamoDB::Table",
            "PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
            True,
            False,
            ["loses-data"],
        ),
    ],
)
def test_how_long_something_is_kept(kind, path, old, new, expected):
    """Fewer days, or no more backups, lose data; more days do not."""

    def resources(value):
        found = [{"Id": "all", "ExpirationInDays": value}] if path.endswith("Rules") else value
        return changed(f"R/Properties/{path}", found, {"R": {"Type": kind, "Properties": {}}})

    assert risks(compare(resources(old), resources(new))) == expected


@pytest.mark.parametrize("file", ["template.yaml", "template.json"])
def test_what_cannot_be_read(file):
    """A file with the marks of a merge is told by its name."""
    with pytest.raises(DeclarationError, match=f"{file} cannot be read"):
        differ({file: "a: 1\n<<<<<<< ours\nb: 2\n"}, {file: template({})})


def test_nothing_differs():
    """Equal templates give no change."""
    assert compare(SHOP, SHOP) == ()


@pytest.mark.parametrize(("kind", "expected"), [("Queue", ["loses-data"]), ("Table", []), ("Role", [])])
def test_removing(kind, expected):
    """What is removed takes its content along unless it is kept."""
    (change,) = (found for found in compare(SHOP, changed(kind, None)) if found.kind == "removed")

    assert change.subject == f"{kind} ({SHOP[kind]['Type']})"
    assert [danger.risk for danger in change.dangers] == expected


def test_a_new_role_is_wider():
    """What a new role may do was allowed to nobody in its place before; a new queue allows nothing."""
    assert risks(compare({}, {"Role": SHOP["Role"]})) == ["widens-access"]
    assert risks(compare({}, {"Queue": QUEUE})) == []


def test_a_resource_goes_to_another_stack():
    """Moved to another file it is made anew, and a queue loses its messages."""
    (change,) = differ(
        {FILE: template({"Queue": QUEUE}), "infra/aws/a.yaml": template({})},
        {FILE: template({}), "infra/aws/a.yaml": template({"Queue": QUEUE})},
    )

    assert (change.file, change.kind, change.what) == ("infra/aws/a.yaml", "changed", f"moved from {FILE}")
    assert risks((change,)) == ["loses-data", "replaces-resource"]


def test_what_differs_is_told_in_the_words_of_the_template():
    """A change names the property, the old value and the new one; functions in their short form."""
    (change,) = compare(SHOP, changed("Function/Properties/Events/Jobs/Properties/Queue", {"Fn::GetAtt": "Other.Arn"}))

    assert change.what == "Events.Jobs.Properties.Queue: !GetAtt Queue.Arn -> !GetAtt Other.Arn"


def test_both_spellings_of_a_function_are_the_same():
    """The short form in YAML says what the long form says."""
    short = 'Resources:\n  A:\n    Type: AWS::X::Y\n    Properties: {P: !GetAtt Q.Arn, R: !Ref S, T: !Sub "${U}"}\n'
    long = template(
        {
            "A": {
                "Type": "AWS::X::Y",
                "Properties": {"P": {"Fn::GetAtt": ["Q", "Arn"]}, "R": {"Ref": "S"}, "T": {"Fn::Sub": "${U}"}},
            }
        }
    )

    assert differ({FILE: short}, {FILE: long}) == ()


def test_a_parameter_counts_as_its_default():
    """A figure that a parameter's default lowers is lowered; the parameter itself is told, too."""
    resources = changed("Queue/Properties/RedrivePolicy/maxReceiveCount", {"Ref": "Most"})

    def texts(default: str) -> dict[str, str]:
        return {FILE: template(resources, Parameters={"Most": {"Type": "Number", "Default": default}})}

    found = differ(texts("30"), texts("10"))

    assert {change.subject for change in found} == {"Queue (AWS::SQS::Queue)", "Parameters.Most.Default"}
    assert risks(found) == ["weakens-retry"]


def test_what_all_functions_share_counts_for_each():
    """SAM's Globals are the properties of every function that does not have its own."""
    functions = {"Function": SHOP["Function"], "Queue": changed("Queue/Properties/VisibilityTimeout", 900)["Queue"]}
    shared = {"Globals": {"Function": {"MemorySize": 512, "Timeout": 900}}}

    (change,) = differ({FILE: template(functions)}, {FILE: template(functions, **shared)})

    assert change.what == "MemorySize: nothing -> 512"


def test_an_exported_output_is_a_contract():
    """Other stacks may import it; an output without an export is nobody's."""
    exported = {"Outputs": {"Bus": {"Value": "b", "Export": {"Name": "shop-bus"}}, "Api": {"Value": "a"}}}

    assert risks(differ({FILE: template({}, **exported)}, {FILE: template({})})) == ["breaks-contract"]


def test_an_export_under_another_name_breaks_the_same_contract():
    """Who imports it asks for the old name; an export that is new breaks nothing."""

    def exporting(name: str) -> dict[str, str]:
        return {FILE: template({}, Outputs={"Bus": {"Value": "b", "Export": {"Name": name}}})}

    (change,) = differ(exporting("shop-bus"), exporting("bus"))
    assert [(danger.risk, danger.why) for danger in change.dangers] == [
        ("breaks-contract", "other stacks may import it as shop-bus")
    ]
    assert risks(differ({FILE: template({})}, exporting("bus"))) == []


def test_items_of_a_list_that_are_called_alike_are_compared_one_by_one():
    """A name tells items apart only where no other has it; else a change of the first would be lost."""

    def keyed(first: str) -> dict[str, str]:
        attributes = [{"Key": "a", "Value": first}, {"Key": "a", "Value": "last"}]
        return {FILE: template({"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": attributes}}})}

    (change,) = differ(keyed("old"), keyed("new"))

    assert change.what == "Tags[0].Value: old -> new"


def test_what_is_no_template_is_left_alone():
    """Handlers, settings and other JSON are not read as templates."""
    others = {"handlers/a.py": "x = 1", "samconfig.toml": "version = 0.1", "infra/contracts.json": "{}"}

    assert differ(others, {name: f"{text} " for name, text in others.items()}) == ()


@pytest.mark.parametrize("kind", sorted(CREATE_ONLY))
def test_the_table_of_replacements_is_the_registrys(kind):
    """What makes CloudFormation replace a resource is what its registry says, for every type that we know."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    paths = (*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ()))

    assert set(CREATE_ONLY[kind]) == {path.removeprefix("/properties/") for path in paths}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Fn::Equals": [{"Ref": "Kept"}, 1]}, 1),
        ({"Fn::Equals": [{"Ref": "Kept"}, "0"]}, 2),
        ({"Fn::Not": [{"Condition": "Never"}]}, 1),
        ({"Fn::And": [{"Condition": "Never"}, {"Fn::Not": [{"Condition": "Never"}]}]}, 2),
        ({"Fn::Or": [{"Condition": "Never"}, {"Fn::Not": [{"Condition": "Never"}]}]}, 1),
        ({"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-central-1"]}, {"Fn::If": ["C", 1, 2]}),
    ],
)
def test_conditions_hold_as_parameters_are_by_default(condition, expected):
    """A value under a condition is the one that the defaults give; what they do not decide stays open."""
    never = {"Fn::Equals": ["a", "b"]}
    defaults = Defaults({"Parameters": {"Kept": {"Default": "1"}}, "Conditions": {"C": condition, "Never": never}})

    assert defaults.resolved({"Fn::If": ["C", 1, 2]}) == expected


def test_a_name_under_a_parameter():
    """Names that are made with a parameter change with its default, and resources with their names."""
    queue = {"Queue": changed("Queue/Properties/QueueName", {"Fn::Sub": "${Prefix}-orders"})["Queue"]}

    def texts(prefix: str) -> dict[str, str]:
        return {FILE: template(queue, Parameters={"Prefix": {"Default": prefix}})}

    assert risks(differ(texts("shop"), texts("store"))) == ["loses-data", "replaces-resource"]
