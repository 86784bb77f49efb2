"""What all pages share: shell, lists, forms, uploads, menus.

Imports nothing above. Begin with `menus`.
"""
