import './register.js'
