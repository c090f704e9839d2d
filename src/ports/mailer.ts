/** A mail server that takes the server's messages. */
export interface Mailer {
  /**
   * Sends to one address. What comes twice under the same id is the same message to a mail program.
   * `failed`: the mail server refuses it for good; `retry`: not now.
   * @param signal Breaks the connection off at once: `retry`, though the mail may be under way.
   */
  send(
    mail: {
      readonly to: string;
      readonly subject: string;
      readonly text: string;
      /** Letters and digits. */
      readonly id: string;
    },
    signal: AbortSignal,
  ): Promise<
    | { readonly state: 'done'; readonly detail: string }
    | { readonly state: 'failed' | 'retry'; readonly reason: string }
  >;
}
