/** What is deployed: in your project, the file that ends in `export const handler = lambda(router)`. */
export { handler } from '@sluice/example-orders';
