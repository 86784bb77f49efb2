"""Small facts about processes that the front doors share (Linux)."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None)


def end_with_parent(sent: signal.Signals = signal.SIGTERM) -> None:
    """Let the kernel send this process a signal when the thread that started it ends.

    However the parent ends, kill -9 included, this process hears of it. To be called in the new
    process, before or after exec.
    """
    _libc.prctl(PR_SET_PDEATHSIG, sent)


def ask_to_end_with_parent(parent: int, sent: signal.Signals = signal.SIGTERM) -> None:
    """`end_with_parent`, for a child that may already have lost its parent."""
    end_with_parent(sent)
    if os.getppid() != parent:
        os.kill(os.getpid(), sent)
