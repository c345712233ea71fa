"""Keras' optimizers with one kernel per variable, instead of a dozen passes over memory.

The state is that of Keras' own, and the steps differ by rounding alone.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class _OneKernelAdam:
    """The step of Adam; before the optimizer among the bases."""

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable; ``learning_rate`` is that of this step."""
        place, step = self._get_variable_index(variable), tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class FusedAdam(_OneKernelAdam, keras.optimizers.Adam):  # type: ignore[misc]
    """Adam (Kingma and Ba 2015)."""


class FusedAdamW(_OneKernelAdam, keras.optimizers.AdamW):  # type: ignore[misc]
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""


class FusedRMSprop(keras.optimizers.RMSprop):  # type: ignore[misc]
    """RMSprop (Hinton 2012) without momentum."""

    def build(self, variables: Any) -> None:
        """Make the state, and room for the kernel to write each step to."""
        super().build(variables)
        self._room = [tf.Variable(tf.zeros(v.shape), trainable=False) for v in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable; ``learning_rate`` is that of this step."""
        place = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyRMSProp(
            var=variable.handle,
            ms=self._velocities[place].value.handle,
            mom=self._room[place].handle,
            lr=tf.cast(learning_rate, variable.dtype),
            rho=self.rho,
            momentum=0.0,
            epsilon=self.epsilon,
            grad=gradient,
        )
