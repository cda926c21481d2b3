__all__ = ['ttypes', 'constants', 'Quirks']
