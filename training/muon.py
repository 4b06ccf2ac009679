"""Muon: momentum whose matrix updates are made orthogonal (K. Jordan and others, 2024), for the inner matrices."""

import torch
from torch import Tensor


def orthogonal(update: Tensor, rounds: int = 5) -> Tensor:
    """The nearest half-orthogonal matrices to a stack (n, rows, columns), by a quintic Newton-Schulz iteration."""
    a, b, c = 3.4445, -4.7750, 2.0315
    flip = update.shape[-2] > update.shape[-1]
    x = (update.mT if flip else update).bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    x = x.to(update.dtype)
    return x.mT if flip else x


class Muon(torch.optim.Optimizer):
    """Steps all matrices of one shape together."""

    def __init__(self, parameters: list[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.0) -> None:
        shapes = sorted({tuple(p.shape) for p in parameters})
        groups = [{"params": [p for p in parameters if tuple(p.shape) == shape]} for shape in shapes]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:
        """One update from the gradients."""
        for group in self.param_groups:
            updates = []
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                updates.append(p.grad.lerp(state["momentum"], group["momentum"]))
            stack = orthogonal(torch.stack(updates))
            scale = max(1, stack.shape[-2] / stack.shape[-1]) ** 0.5
            for p, update in zip(group["params"], stack, strict=True):
                p.mul_(1 - group["lr"] * group["decay"])
                p.add_(update, alpha=-group["lr"] * scale)
