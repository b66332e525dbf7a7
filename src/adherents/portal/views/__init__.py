"""The portal's own pages: for every visitor (`public`), for a member (`member`), for machines (`health`)."""
