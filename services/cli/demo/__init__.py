"""The demo's world: drawn scenes with ground truth, their clips, and a receiver for webhooks."""
