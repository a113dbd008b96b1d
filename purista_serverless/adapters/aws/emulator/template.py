"""Templates as CloudFormation would get them: read, and translated by the translator of SAM itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from purista_serverless.errors import DeclarationError, MissingExtra

_SAM = "AWS::Serverless-2016-10-31"
_CODE = {
    "AWS::Lambda::Function": "Code",
    "AWS::Serverless::Function": "CodeUri",
}
_NESTED = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}
# The translator wants an address in S3 where a folder is meant.
_PLACEHOLDER = {"Bucket": "local", "Key": "local"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template after translation.

    Attributes:
        path: Its file.
        body: What CloudFormation would get.
        code: Folder of each function's code, by logical id.
        nested: File of each nested stack's template, by logical id.
    """

    path: Path
    body: Mapping[str, Any]
    code: Mapping[str, Path]
    nested: Mapping[str, Path]

    def section(self, name: str) -> Mapping[str, Any]:
        """Give a section, such as ``Resources``; empty if there is none."""
        section: Mapping[str, Any] = self.body.get(name) or {}
        return section


def load_template(path: Path, parameters: Mapping[str, str], region: str) -> Template:
    """Read a template and translate it.

    Args:
        path: Its file, YAML or JSON, with or without SAM's transform.
        parameters: Values that differ from the defaults; those that the template does not declare are no matter.
        region: The region that it is translated for.

    Raises:
        MissingExtra: The translator is not installed.
        DeclarationError: It cannot be read or translated.
        OSError: There is no such file.
    """
    body = _read(path)
    code, nested = _take_code(body, path.parent), _nested(body, path.parent)
    if _transforms(body):
        body = _translate(body, path, parameters, region)
    return Template(path=path, body=body, code=code, nested=nested)


def _read(path: Path) -> dict[str, Any]:
    try:
        from samtranslator.yaml_helper import yaml_parse
    except ModuleNotFoundError as error:
        raise MissingExtra("aws-sam-translator", "aws-emulator") from error
    import yaml

    try:
        content: Any = yaml_parse(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path} is no YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        raise DeclarationError(f"{path} is no template: it has no Resources; name the file that the build wrote")
    return content


def _take_code(body: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Note the folders of functions, and put addresses in their place."""
    default = body.get("Globals", {}).get("Function", {}).get("CodeUri")
    found = {}
    for logical_id, resource in body["Resources"].items():
        member = _CODE.get(resource.get("Type"))
        if member is None:
            continue
        properties = resource.setdefault("Properties", {})
        uri = properties.get(member, default)
        if isinstance(uri, str) and not uri.startswith("s3:"):
            found[logical_id] = (folder / uri).resolve()
            properties[member] = dict(_PLACEHOLDER)
    return found


def _nested(body: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    found = {}
    for logical_id, resource in body["Resources"].items():
        location = resource.get("Properties", {}).get(_NESTED.get(resource.get("Type"), ""))
        if isinstance(location, str) and "://" not in location:
            found[logical_id] = (folder / location).resolve()
    return found


def _transforms(body: Mapping[str, Any]) -> bool:
    transform = body.get("Transform", ())
    return _SAM in ([transform] if isinstance(transform, str) else transform)


def _translate(body: dict[str, Any], path: Path, parameters: Mapping[str, str], region: str) -> dict[str, Any]:
    import boto3
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    declared = body.get("Parameters", {})
    values = {name: value for name, value in parameters.items() if name in declared}
    try:
        translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
        translated: dict[str, Any] = translator.translate(body, values)
        # To nowhere; it warns of those that were not published.
        translator.metrics.publish()
    except InvalidDocumentException as error:
        problems = "; ".join(str(cause.message) for cause in error.causes)
        raise DeclarationError(f"{path} cannot be translated: {problems}") from error
    return translated
