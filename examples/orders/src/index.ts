export { type Carrier, flakyCarrier } from './carrier.js';
export { handler } from './lambda.js';
export { Cart, Customer, Order, orders } from './orders.js';
export { type Effect, effectOf, Outside } from './outside.js';
export { ordersRouter, router } from './router.js';
