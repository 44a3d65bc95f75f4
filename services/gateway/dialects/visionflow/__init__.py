"""VisionFlow: tokens, int camera ids, `{status, data}`, messages in four languages."""
