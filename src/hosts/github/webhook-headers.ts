/** The headers by which GitHub names and signs a delivery ("Validating webhook deliveries"). */
export const GITHUB_HEADERS = {
  event: 'x-github-event',
  deliveryId: 'x-github-delivery',
  signature: 'x-hub-signature-256',
} as const;
