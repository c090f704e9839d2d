/** What a worker shows to the queue's server. */
export interface QueueLogin {
  readonly username: string;
  readonly password: string;
}

/** A worker that has registered. */
export interface QueueUser {
  readonly workerId: string;
  /** The worker's token: the password follows from it, so that it is the same for every call. */
  readonly bearer: string;
  /** Queues that it takes jobs from, and nothing else. */
  readonly queues: readonly string[];
}

/** Lets workers at the queue, each as a user of its own that reaches its own queues only. Nothing here rejects. */
export interface QueueAccess {
  /**
   * Makes the worker's user, or brings it to these queues. It is made again by itself when the queue's server has
   * forgotten it. Null: the queue's server has no users, or the server may not make them; workers then use the address
   * of their settings as it is.
   */
  admit(user: QueueUser): Promise<QueueLogin | null>;
  /** Removes the worker's user and cuts its connections; while the queue's server is away, when it is back. */
  expel(workerId: string): Promise<void>;
  close(): void;
}
