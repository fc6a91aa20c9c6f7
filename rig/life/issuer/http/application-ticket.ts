/** What an application that was accepted is activated with, as one text. */
export interface ApplicationTicket {
  readonly id: string;
  readonly ticket: string;
}

const FORM = /^application:([A-Za-z0-9_]{1,60})\.([A-Za-z0-9_-]{16,100})$/;

export function applicationTicket({ id, ticket }: ApplicationTicket): string {
  return `application:${id}.${ticket}`;
}

/** Null for any other text. */
export function readApplicationTicket(text: string): ApplicationTicket | null {
  const [, id, ticket] = FORM.exec(text) ?? [];
  return id === undefined || ticket === undefined ? null : { id, ticket };
}
