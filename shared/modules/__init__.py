"""Jobs for specialists: what they are asked, how they get there, and what became of them."""
