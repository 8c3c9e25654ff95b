/** SHA-256, lower-case hex. */
export type Digest = string;
