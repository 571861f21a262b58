"""A vault -> a site: notes to HTML, and the files around them. Knows no site generator: the plugins bring it to one."""
