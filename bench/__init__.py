"""The benchmark table: what Argus costs against a reference measured in the same run."""
