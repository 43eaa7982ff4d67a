"""Sharpness in a ball scaled to the weights: weight i may move by a share ρ of its own size |θ1_i|.

Adaptive sharpness (Kwon et al. 2021; Andriushchenko et al. 2023, Section 3). It does not depend on
how far training went, as widths along δ1 do, nor on the scale of weights (Dinh et al. 2017).
"""

import numpy as np
import torch
from landscape.models import classifiers
from landscape.surfaces import plane


class Ball:
    """Places θ1 + ρ|θ1|⊙u around θ1, of the encoder alone: the head stays.

    model: classifier that holds θ1, in float32; end: file of θ1 (a checkpoint), which on a CPU
    stays memory-mapped. Raises InputError for a file that does not fit the model.
    """

    def __init__(self, model, end):
        encoder = plane.encoder_of(model)
        self.moving = list(encoder.values())
        self.end = plane.load(end, classifiers.ENCODER, list(encoder), self.moving)

    @torch.no_grad()
    def place(self, rho, shares):
        """Write θ1 + ρ|θ1|⊙u into the model: always from θ1, so that nothing drifts.

        shares: u, an iterable of a tensor for each parameter; they need not all be in memory.
        """
        for parameter, theta, share in zip(self.moving, self.end, shares, strict=True):
            torch.addcmul(theta, theta.abs(), share, value=rho, out=parameter.data)

    @torch.no_grad()
    def leave(self):
        """Write θ1 back, bit for bit."""
        for parameter, theta in zip(self.moving, self.end, strict=True):
            parameter.copy_(theta)


def normal(ball, seed, draw):
    """Yield u ~ N(0, 1) for each parameter: a function of the run's seed and the draw's number.

    Made on the CPU, so that every device gets the same.
    """
    random = np.random.default_rng([seed, draw])
    for theta in ball.end:
        share = random.standard_normal(theta.shape, dtype=np.float32)
        yield torch.from_numpy(share).to(theta.device)


def ascend(ball, rho, steps, add_gradient):
    """Go up the loss from θ1 within |u| ≤ 1; yields each step's number, the model being there.

    Ascent along the gradient's sign, the steepest way in a ball of this shape, then projection.
    Step k of n is 2(n + 1 − k)/n radii long: at first from any corner to any other. The highest
    loss on the way is a lower bound of the highest in the ball.

    add_gradient: function that adds the gradient of the loss to the parameters' `.grad`.
    Ends early, and says so, where a gradient is not finite. Holds u beside the gradient.
    """
    shares = [torch.zeros_like(theta) for theta in ball.end]
    ball.leave()
    for step in range(1, steps + 1):
        for parameter in ball.moving:
            parameter.grad = torch.zeros_like(parameter)
        add_gradient()
        slopes = [parameter.grad for parameter in ball.moving]
        if not all(slope.isfinite().all() for slope in slopes):
            print(f"step {step}: the gradient is not finite; the ascent ends here", flush=True)
            return
        for share, slope in zip(shares, slopes):
            share.add_(slope.sign_(), alpha=2 * (steps + 1 - step) / steps).clamp_(-1, 1)
        ball.place(rho, shares)
        yield step
