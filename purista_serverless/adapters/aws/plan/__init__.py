"""From a topology to the resources of AWS, as typed values; ``render`` makes text of them.

Nothing here reads or writes a file, and nothing knows how a template is spelled, but for references: texts of which
CloudFormation replaces parts.
"""
