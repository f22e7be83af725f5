"""The front door of the nodes: Kubo and the chain of one machine, found, started and watched."""

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
from deploy.nodes.supervisor import Nodes, Wanted, is_in_use
from deploy.nodes.watch import NodeState

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
    "NodeState",
    "Nodes",
    "NodesError",
    "PortInUse",
    "Wanted",
    "find_or_build",
    "is_in_use",
]
