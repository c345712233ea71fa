"""Feature visualization as four independent values (Olah et al. 2017), put together by ``optimize``."""
