"""Daogang's backend: API, use cases, rules and store of the on-duty attendance of key construction personnel."""
