"""The portal's own pages: for everybody (`public`), for a member (`member`), for machines (`health`)."""
