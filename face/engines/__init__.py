"""The engines that turn a photo into numbers, each behind the one Protocol of `base`."""
