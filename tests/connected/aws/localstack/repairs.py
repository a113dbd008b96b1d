"""What LocalStack's CloudFormation does otherwise than AWS, mended: parts of the version that requirements/ pins."""

from typing import Any

from localstack.services.cloudformation.engine.v2.change_set_model import ChangeSetModel, ChangeType
from localstack.services.cloudformation.engine.v2.change_set_model_executor import ChangeSetModelExecutor
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import ChangeSetModelPreproc
from localstack.services.cloudformation.engine.v2.change_set_model_transform import ChangeSetModelTransform
from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.lambda_.resource_providers.lambda_alias import LambdaAliasProvider


def leave_references_to_what_sam_makes() -> None:
    """Let a template refer to resources that only its translation makes, as CloudFormation does."""

    def visit(self: Any, reference: Any) -> Any:
        try:
            return ChangeSetModelPreproc.visit_node_intrinsic_function_ref(self, reference)
        except ValidationError:
            return self.visit(reference.arguments)

    ChangeSetModelTransform.visit_node_intrinsic_function_ref = visit


def move_aliases() -> None:
    """Update an alias, where LocalStack would make it a second time: each new version of a function needs that."""

    def update(_self: Any, request: Any) -> Any:
        wanted = {**request.previous_state, **request.desired_state}
        names = ("FunctionName", "Name", "FunctionVersion")
        request.aws_client_factory.lambda_.update_alias(**{name: wanted[name] for name in names})
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=wanted)

    LambdaAliasProvider.update = update


def change_only_what_changes() -> None:
    """Let a reference to a resource be changed only where that resource is replaced: its name stays otherwise."""
    judge = ChangeSetModel._resolve_intrinsic_function_ref  # noqa: SLF001 - LocalStack has no public place for it

    def judge_reference(self: Any, name: Any) -> Any:
        found = judge(self, name)
        if found != ChangeType.MODIFIED or name.change_type != ChangeType.UNCHANGED:
            return found
        resources = self._after_template["Resources"]
        if name.value not in resources or self._retrieve_or_visit_resource(name.value).requires_replacement:
            return found
        return ChangeType.UNCHANGED

    ChangeSetModel._resolve_intrinsic_function_ref = judge_reference  # noqa: SLF001 - as above


def describe_outputs() -> None:
    """Tell the descriptions of outputs, from which tools know what an output is."""
    visit = ChangeSetModelExecutor.visit_node_output

    def visit_output(self: Any, node: Any) -> Any:
        count = len(self.outputs)
        delta = visit(self, node)
        described = self._change_set.processed_template["Outputs"].get(node.name, {})
        for output in self.outputs[count:]:
            output["Description"] = described.get("Description", "")
        return delta

    ChangeSetModelExecutor.visit_node_output = visit_output
