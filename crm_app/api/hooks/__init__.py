"""Where vendors call: `POST /hooks/{provider}/{channel_id}`."""
