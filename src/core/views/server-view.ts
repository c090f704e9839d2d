/** `GET /api/v1/server`: what concerns the whole server. */
export interface ServerView {
  /** Why no build is started now, as a sentence goes on after "because"; null when they are. */
  readonly paused: string | null;
}
