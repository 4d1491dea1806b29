export interface Mailer {
  send(userId: string, text: string, idempotencyKey: string): Promise<void>;
}

/** The injection token. */
export const Mailer = Symbol('Mailer');

/** Writes mails on the console. */
export const consoleMailer: Mailer = {
  async send(userId, text) {
    console.log(`to ${userId}: ${text}`);
  },
};
