"""The public names of the nodes package: Kubo and geth found, built, started, supervised."""

from deploy.nodes.build import find_or_build
from deploy.nodes.endpoint import ChainEndpoint, Endpoints, KuboEndpoint
from deploy.nodes.errors import (
    AnotherChain,
    BuildFailed,
    DiskFull,
    NodeExposed,
    NodeFailed,
    NodeMissing,
    NodesError,
    PortInUse,
)
from deploy.nodes.geth import GethNode
from deploy.nodes.kubo import KuboNode
from deploy.nodes.shared_nodes import Nodes, NodeSettings, find_running, is_in_use, served_alone
from deploy.nodes.supervisor import ProgramStatus, Supervisor

__all__ = [
    "AnotherChain",
    "BuildFailed",
    "ChainEndpoint",
    "DiskFull",
    "Endpoints",
    "GethNode",
    "KuboEndpoint",
    "KuboNode",
    "NodeExposed",
    "NodeFailed",
    "NodeMissing",
    "NodeSettings",
    "Nodes",
    "NodesError",
    "PortInUse",
    "ProgramStatus",
    "Supervisor",
    "find_or_build",
    "find_running",
    "is_in_use",
    "served_alone",
]
