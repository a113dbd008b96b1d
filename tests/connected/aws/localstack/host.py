"""LocalStack core on the loopback interface, without Docker: run by the Python of its own environment.

    python -m tests.connected.aws.localstack.host PORT FOLDER LAMBDA MOTO

FOLDER takes all that it writes. LAMBDA is the Python that runs functions and has ``awslambdaric``, MOTO one that has
moto's server. SIGUSR1 ends with SIGKILL the functions that are at work. What is replaced here are
internals of the version that requirements/ pins.
"""

import os
import signal
import subprocess
import sys
import tempfile
from functools import partial
from typing import Any

LOOPBACK = "127.0.0.1"


def configure(port: str, folder: str, lambda_python: str) -> None:
    """Set what LocalStack reads when it is imported."""
    tempfile.tempdir = folder
    os.environ.update(
        {
            # What it does not know it leaves out; a test says what that is.
            "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "1",
            "DISABLE_EVENTS": "1",
            "DNS_ADDRESS": "0",
            "FILESYSTEM_ROOT": f"{folder}/root",
            "GATEWAY_LISTEN": f"{LOOPBACK}:{port}",
            "LAMBDA_KEEPALIVE_MS": "600000",
            "LAMBDA_PYTHON": lambda_python,
            "LOCALSTACK_HOST": f"{LOOPBACK}:{port}",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "SQS_ENDPOINT_STRATEGY": "off",
            "USE_SSL": "0",
        }
    )


def listen_on_loopback_only() -> None:
    """Give its server the one interface: it takes the port of GATEWAY_LISTEN and leaves the host."""
    from twisted.internet import endpoints

    endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface=LOOPBACK)


def run_functions_as_processes() -> None:
    """Replace Docker. This must come before the modules that ask for the executor by name."""
    from localstack.services.lambda_.invocation import runtime_executor

    from tests.connected.aws.localstack.executor import ProcessExecutor, kill_what_works

    runtime_executor.get_runtime_executor = lambda: ProcessExecutor
    signal.signal(signal.SIGUSR1, lambda _number, _frame: kill_what_works())


def keep_tables_in_moto(python: str) -> None:
    """Replace DynamoDB Local, which is a download of its own, by moto's server: it speaks the same protocol."""
    from localstack.services.dynamodb import server
    from localstack.utils.run import FuncThread

    def start_moto(self: Any) -> Any:
        command = [python, "-m", "moto.server", "-H", LOOPBACK, "-p", str(self.port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        thread = FuncThread(lambda _: process.wait(), on_stop=lambda _: process.terminate())
        thread.process, thread.auto_restart = process, False
        thread.start()
        return thread

    server.DynamodbServer.do_start_thread = start_moto


def repair() -> None:
    """Mend what CloudFormation does otherwise."""
    # Importing it imports LocalStack, which reads its configuration then.
    from tests.connected.aws.localstack import repairs

    repairs.leave_references_to_what_sam_makes()
    repairs.move_aliases()
    repairs.change_only_what_changes()
    repairs.describe_outputs()


def main() -> None:
    """Serve until a signal comes."""
    port, folder, lambda_python, moto_python = sys.argv[1:]
    configure(port, folder, lambda_python)
    listen_on_loopback_only()
    run_functions_as_processes()
    keep_tables_in_moto(moto_python)
    repair()
    from localstack.runtime.main import main as serve

    serve()


if __name__ == "__main__":
    main()
