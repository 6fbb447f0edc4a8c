man_pages += man/runc-doctor.8
