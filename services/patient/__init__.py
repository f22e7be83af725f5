"""What a patient may see and do, for the pages and for the API: what is asked, held, used."""
